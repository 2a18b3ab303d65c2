import type { Resource, Stack } from './stack.ts';

interface LocatedResource {
  readonly resource: Resource;
  readonly stack: Stack;
  /** Its id in its own template. */
  readonly ownId: string;
}

/**
 * Several stacks of one account, looked up as if they were one. An id that two of them have comes with its stack's
 * name, as in `groundcrew-spot-cordon.DeadLetters`; every other id stays.
 */
export function combine(stacks: readonly [Stack, ...Stack[]]): Stack {
  const [first, ...others] = stacks;
  if (others.length === 0) return first;
  const places = placesOf(stacks);
  const byId = new Map(places.map((one) => [one.resource.id, one]));
  const placeOf = (id: string): LocatedResource => {
    const found = byId.get(id);
    if (found) return found;
    throw new Error(`There is no ${id} in the templates: they have ${[...byId.keys()].sort().join(', ')}`);
  };
  const resources = places.map(({ resource }) => resource);
  return {
    names: first.names,
    resources,
    ofType: (type) => resources.filter((one) => one.type === type),
    find: (id) => placeOf(id).resource,
    findByArn: (arn) => places.find(({ stack, ownId }) => stack.findByArn(arn)?.id === ownId)?.resource,
    ref: (id) => {
      const { stack, ownId } = placeOf(id);
      return stack.ref(ownId);
    },
    attribute: (id, name) => {
      const { stack, ownId } = placeOf(id);
      return stack.attribute(ownId, name);
    },
  };
}

function placesOf(stacks: readonly Stack[]): readonly LocatedResource[] {
  const ids = stacks.flatMap(({ resources }) => resources.map(({ id }) => id));
  const shared = new Set(ids.filter((id, at) => ids.indexOf(id) !== at));
  const idIn = ({ names }: Stack, id: string): string => (shared.has(id) ? `${names.stackName}.${id}` : id);
  return stacks.flatMap((stack) =>
    stack.resources.map((resource) => ({
      resource: { ...resource, id: idIn(stack, resource.id) },
      stack,
      ownId: resource.id,
    })),
  );
}
