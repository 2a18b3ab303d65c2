import type { Mapping } from '../../../json.ts';
import { defineEmulatedService, type Operation } from '../../emulated-service.ts';
import {
  disableStageTransition,
  enableStageTransition,
  putApprovalResult,
  retryStageExecution,
  stopPipelineExecution,
} from './control.ts';
import {
  createPipeline,
  deletePipeline,
  getPipeline,
  listTagsForResource,
  startPipelineExecution,
  tagResource,
  untagResource,
  updatePipeline,
} from './definitions.ts';
import { publishOutbox } from './events.ts';
import { putJobFailureResult, putJobSuccessResult } from './job-results.ts';
import { type Context, createPipelinesState, type PipelinesState } from './model.ts';
import {
  getPipelineExecution,
  getPipelineState,
  listActionExecutions,
  listPipelineExecutions,
} from './views.ts';

/** moto stores pipelines but does not run them. Here they run, with functions as actions. */
export default defineEmulatedService<PipelinesState>({
  service: 'codepipeline',
  createState: createPipelinesState,
  operations: {
    CreatePipeline: createPipeline,
    GetPipeline: getPipeline,
    UpdatePipeline: publishing(updatePipeline),
    DeletePipeline: publishing(deletePipeline),
    StartPipelineExecution: publishing(startPipelineExecution),
    StopPipelineExecution: publishing(stopPipelineExecution),
    RetryStageExecution: publishing(retryStageExecution),
    EnableStageTransition: publishing(enableStageTransition),
    DisableStageTransition: disableStageTransition,
    PutJobSuccessResult: publishing(putJobSuccessResult),
    PutJobFailureResult: publishing(putJobFailureResult),
    PutApprovalResult: publishing(putApprovalResult),
    GetPipelineState: getPipelineState,
    GetPipelineExecution: getPipelineExecution,
    ListPipelineExecutions: listPipelineExecutions,
    ListActionExecutions: listActionExecutions,
    TagResource: tagResource,
    UntagResource: untagResource,
    ListTagsForResource: listTagsForResource,
  },
});

/** Publishes the events of an operation on the bus before the operation returns. */
function publishing(operation: (input: Mapping, context: Context) => Mapping): Operation<PipelinesState> {
  return async (input, context) => {
    const output = operation(input, context);
    await publishOutbox(context);
    return output;
  };
}
