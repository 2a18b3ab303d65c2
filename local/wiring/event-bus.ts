import { list, type Mapping, mapping } from '../json.ts';
import type { Resource, Stack } from '../stack/stack.ts';
import { compilePattern, type Matches } from './event-pattern.ts';

/** Delivers bodies to a queue or a function, named by its ARN. */
export type Deliver = (arn: string, bodies: readonly unknown[]) => Promise<void>;

export interface Bus {
  /** The logical ids of the rules that each event matched, in the events' order. */
  put(events: readonly Mapping[]): Promise<readonly (readonly string[])[]>;
}

interface Rule {
  readonly id: string;
  readonly matches: Matches;
  readonly targets: readonly Target[];
}

interface Target {
  readonly arn: string;
  readonly shape: (event: Mapping) => unknown;
}

/** The default bus with the template's rules. */
export function createBus(stack: Stack, deliver: Deliver): Bus {
  const rules = stack
    .ofType('AWS::Events::Rule')
    .filter(({ properties }) => properties.EventPattern !== undefined && properties.State !== 'DISABLED')
    .map(readRule);
  return {
    put: async (events) => {
      const matched = events.map((event) => rules.filter(({ matches }) => matches(event)));
      await Promise.all(
        rules.map((rule) =>
          deliverMatched(
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

async function deliverMatched(
  { targets }: Rule,
  events: readonly Mapping[],
  deliver: Deliver,
): Promise<void> {
  if (events.length === 0) return;
  await Promise.all(targets.map(({ arn, shape }) => deliver(arn, events.map(shape))));
}

function readRule({ id, properties }: Resource): Rule {
  if (properties.EventBusName !== undefined && properties.EventBusName !== 'default') {
    throw new Error(
      `${id} listens to the bus ${properties.EventBusName}: only the default bus is known here`,
    );
  }
  try {
    return {
      id,
      matches: compilePattern(properties.EventPattern),
      targets: list(properties.Targets).map((target) => ({
        arn: String(mapping(target).Arn),
        shape: shapeOf(id, mapping(target)),
      })),
    };
  } catch (error) {
    throw new Error(`${id}: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
}

/** What the target gets of an event. */
export function shapeOf(id: string, target: Mapping): (event: Mapping) => unknown {
  if (target.InputTransformer !== undefined) {
    throw new Error(`${id} has an InputTransformer, which local/wiring/event-bus.ts does not know`);
  }
  if (target.Input !== undefined) {
    const input: unknown = JSON.parse(String(target.Input));
    return () => input;
  }
  if (target.InputPath !== undefined) return pathOf(id, String(target.InputPath));
  return (event) => event;
}

/** `$` and dotted names below it. */
function pathOf(id: string, path: string): (event: Mapping) => unknown {
  const [root, ...keys] = path.split('.');
  if (root !== '$' || keys.some((key) => !/^[\w-]+$/.test(key))) {
    throw new Error(`${id} has the InputPath ${path}: only $ and names separated by dots are known here`);
  }
  return (event) => keys.reduce<unknown>((part, key) => mapping(part)[key], event);
}
