import type { Mapping } from '../../../json.ts';
import { defineStandIn, type Operation } from '../../emulated-service.ts';
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

/** moto keeps pipelines and runs none: here they run, with functions as their actions. */
export default defineStandIn<PipelinesState>({
  service: 'codepipeline',
  createState: createPipelinesState,
  operations: {
    CreatePipeline: createPipeline,
    GetPipeline: getPipeline,
    UpdatePipeline: changing(updatePipeline),
    DeletePipeline: changing(deletePipeline),
    StartPipelineExecution: changing(startPipelineExecution),
    StopPipelineExecution: changing(stopPipelineExecution),
    RetryStageExecution: changing(retryStageExecution),
    EnableStageTransition: changing(enableStageTransition),
    DisableStageTransition: disableStageTransition,
    PutJobSuccessResult: changing(putJobSuccessResult),
    PutJobFailureResult: changing(putJobFailureResult),
    PutApprovalResult: changing(putApprovalResult),
    GetPipelineState: getPipelineState,
    GetPipelineExecution: getPipelineExecution,
    ListPipelineExecutions: listPipelineExecutions,
    ListActionExecutions: listActionExecutions,
    TagResource: tagResource,
    UntagResource: untagResource,
    ListTagsForResource: listTagsForResource,
  },
});

/** What changes the course of an execution is told on the bus before it is answered. */
function changing(operation: (input: Mapping, context: Context) => Mapping): Operation<PipelinesState> {
  return async (input, context) => {
    const output = operation(input, context);
    await publishOutbox(context);
    return output;
  };
}
