import { expect } from 'chai';
import { Job } from '#core/api/schema/batch-v1/job.ts';
import { Event } from '#core/api/schema/core-v1/event.ts';
import { Namespace } from '#core/api/schema/core-v1/namespace.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { ServiceAccount } from '#core/api/schema/core-v1/service-account.ts';
import type { Draft } from '#core/api/schema/kind.ts';
import type { Client } from '#core/client/client.ts';
import { startControlPlane, type ControlPlane } from '#core/cli/start-control-plane.ts';
import { JobController } from '#core/controllers/job/controller.ts';
import { JobPodReleaseController } from '#core/controllers/job/release-controller.ts';
import { TtlAfterFinishedController } from '#core/controllers/ttl-after-finished/controller.ts';
import { ApiEventRecorders } from '#core/client/api-event-recorder.ts';
import { systemClock } from '#core/kernel/clock.ts';
import { silentLogger } from '#core/kernel/logger.ts';
import { eventually } from '#test/fixtures/eventually.ts';

const namespace = 'work';
