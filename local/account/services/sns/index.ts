import { defineEmulatedService } from '../../emulated-service.ts';
import { confirmSubscription, listSubscriptionsByTopic, subscribe, unsubscribe } from './subscriptions.ts';
import {
  createTopic,
  deleteTopic,
  getTopicAttributes,
  listTopics,
  publish,
  publishBatch,
  type SnsState,
  setTopicAttributes,
} from './topics.ts';

/** Topics with their policies. moto confirms every subscription at once, and applies no policy. */
export default defineEmulatedService<SnsState>({
  service: 'sns',
  createState: () => ({ topics: new Map(), queues: [], subscriptions: new Map() }),
  operations: {
    CreateTopic: createTopic,
    DeleteTopic: deleteTopic,
    ListTopics: listTopics,
    GetTopicAttributes: getTopicAttributes,
    SetTopicAttributes: setTopicAttributes,
    Subscribe: subscribe,
    ConfirmSubscription: confirmSubscription,
    ListSubscriptionsByTopic: listSubscriptionsByTopic,
    Unsubscribe: unsubscribe,
    Publish: publish,
    PublishBatch: publishBatch,
  },
});
