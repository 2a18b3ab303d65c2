import { describeExecution, describeStage, listActionRuns } from '../aws/codepipeline.ts';
import type { HoldRecord } from '../domain/hold-record.ts';
import { foreignFailures, type PipelineSnapshot, withoutForeignFailures } from '../domain/resume-decision.ts';

/** Reads the hold's pipeline and execution. */
export async function readSnapshot(hold: HoldRecord, signal: AbortSignal): Promise<PipelineSnapshot> {
  const [pipeline, execution] = await Promise.all([
    describeStage(hold, signal),
    describeExecution(hold, signal),
  ]);
  const snapshot = { pipeline, execution };
  // If the execution no longer exists, other failures in the stage do not matter.
  if (!execution || foreignFailures(hold, snapshot).length === 0) return snapshot;
  return withoutForeignFailures(hold, snapshot, await listActionRuns(hold, signal));
}
