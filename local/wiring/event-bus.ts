import { list, type Mapping, mapping } from '../json.ts';
import type { Resource, Stack } from '../stack/stack.ts';
import { compilePattern, type EventMatcher } from './event-pattern.ts';

/** Delivers bodies to the queue or function with this ARN. */
export type Deliver = (arn: string, bodies: readonly unknown[]) => Promise<void>;

export interface EventBus {
  /** Returns the logical ids of the rules that each event matched, in the order of the events. */
  put(events: readonly Mapping[]): Promise<readonly (readonly string[])[]>;
}

interface Rule {
  readonly id: string;
  readonly matches: EventMatcher;
  readonly targets: readonly Target[];
}

interface Target {
  readonly arn: string;
  readonly toInput: (event: Mapping) => unknown;
}

/** The default event bus with the rules of the template. */
export function createEventBus(stack: Stack, deliver: Deliver): EventBus {
  const rules = stack
    .ofType('AWS::Events::Rule')
    .filter(({ properties }) => properties.EventPattern !== undefined && properties.State !== 'DISABLED')
    .map(parseRule);
  return {
    put: async (events) => {
      const matched = events.map((event) => rules.filter(({ matches }) => matches(event)));
      await Promise.all(
        rules.map((rule) =>
          deliverToTargets(
            rule,
            events.filter((_, at) => matched[at]?.includes(rule)),
            deliver,
          ),
        ),
      );
      return matched.map((some) => some.map(({ id }) => id));
    },
  };
}

async function deliverToTargets(
  { targets }: Rule,
  events: readonly Mapping[],
  deliver: Deliver,
): Promise<void> {
  if (events.length === 0) return;
  await Promise.all(targets.map(({ arn, toInput }) => deliver(arn, events.map(toInput))));
}

function parseRule({ id, properties }: Resource): Rule {
  if (properties.EventBusName !== undefined && properties.EventBusName !== 'default') {
    throw new Error(
      `${id} has EventBusName ${properties.EventBusName}. The local event bus only knows the default bus.`,
    );
  }
  try {
    return {
      id,
      matches: compilePattern(properties.EventPattern),
      targets: list(properties.Targets).map((target) => ({
        arn: String(mapping(target).Arn),
        toInput: createTargetInput(id, mapping(target)),
      })),
    };
  } catch (error) {
    throw new Error(`${id}: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
}

/** Returns a function that turns an event into the input of the target. */
export function createTargetInput(id: string, target: Mapping): (event: Mapping) => unknown {
  if (target.InputTransformer !== undefined) return createTransformer(id, mapping(target.InputTransformer));
  if (target.Input !== undefined) {
    const input: unknown = JSON.parse(String(target.Input));
    return () => input;
  }
  if (target.InputPath !== undefined) return createPathReader(id, String(target.InputPath));
  return (event) => event;
}

/** Supports a template that is one JSON string, such as `"<state> since <time>"`, which is what a topic gets. */
function createTransformer(
  id: string,
  { InputPathsMap, InputTemplate }: Mapping,
): (event: Mapping) => unknown {
  const readers = Object.entries(mapping(InputPathsMap)).map(
    ([name, path]) => [name, createPathReader(id, String(path))] as const,
  );
  const template: unknown = JSON.parse(String(InputTemplate));
  if (typeof template !== 'string')
    throw new Error(
      `${id} has an InputTemplate that is not a JSON string. The local event bus supports only that.`,
    );
  return (event) =>
    readers.reduce((text, [name, read]) => text.replaceAll(`<${name}>`, String(read(event))), template);
}

/** Supports `$` and dotted names below it, such as `$.detail.state`. */
function createPathReader(id: string, path: string): (event: Mapping) => unknown {
  const [root, ...keys] = path.split('.');
  if (root !== '$' || keys.some((key) => !/^[\w-]+$/.test(key))) {
    throw new Error(
      `${id} has InputPath ${path}. The local event bus supports only $ and names separated by dots.`,
    );
  }
  return (event) => keys.reduce<unknown>((part, key) => mapping(part)[key], event);
}
