/** What `$(NAME)` stands for; undefined leaves it as it is written. */
export type Lookup = (name: string) => string | undefined;

/**
 * Replaces `$(NAME)` and turns `$$` into `$`, in one pass from the left: what a value brings in is not looked at again.
 * https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/
 */
export function expand(text: string, lookup: Lookup): string {
  if (!text.includes('$')) return text;
  const lastClose = text.lastIndexOf(')');
  let result = '';
  let from = 0;
  for (let at = text.indexOf('$'); at >= 0; at = text.indexOf('$', from)) {
    result += text.slice(from, at);
    from = at + 1;
    const next = text[from];
    if (next === '$') {
      result += '$';
      from++;
    } else if (next === '(' && lastClose > at) {
      const close = text.indexOf(')', at);
      const name = text.slice(at + 2, close);
      result += lookup(name) ?? `$(${name})`;
      from = close + 1;
    } else {
      result += '$';
    }
  }
  return result + text.slice(from);
}
