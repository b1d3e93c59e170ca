import { expect } from 'chai';
import { seededRandom } from '#test/fixtures/seeded-random.ts';
import { Heap } from './heap.ts';

describe('Heap', () => {
  it('does as a sorted list does, under any pushes, pops and deletions', () => {
    const random = seededRandom(3);
    for (let round = 0; round < 50; round++) {
      const heap = new Heap<{ value: number }>((a, b) => a.value < b.value);
      let list: { value: number }[] = [];
      for (let step = 0; step < 200; step++) {
        const choice = random();
        if (choice < 0.5) {
          const item = { value: Math.floor(random() * 50) };
          heap.push(item);
          list.push(item);
        } else if (choice < 0.8) {
          const popped = heap.pop();
          expect(popped?.value).to.equal(list.length === 0 ? undefined : Math.min(...list.map(({ value }) => value)));
          list = list.filter((item) => item !== popped);
        } else {
          const victim = list[Math.floor(random() * list.length)];
          if (victim !== undefined) expect(heap.delete(victim)).to.equal(true);
          list = list.filter((item) => item !== victim);
        }
        expect(heap.size).to.equal(list.length);
      }
    }
  });
});
