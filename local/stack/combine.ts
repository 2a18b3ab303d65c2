import type { Resource, Stack } from './stack.ts';

export interface NamedStack {
  readonly name: string;
  readonly stack: Stack;
}

interface Origin {
  readonly resource: Resource;
  readonly stack: Stack;
  readonly originalId: string;
}

/**
 * Several stacks of one account as one. An id that several of them have is prefixed with its stack's name, as in
 * `SpotCordonWing.DeadLetters`; every other id stays.
 */
export function combine(named: readonly NamedStack[]): Stack {
  const [first] = named;
  if (!first) throw new Error('There is no stack to combine');
  if (named.length === 1) return first.stack;
  const origins = originsOf(named);
  const byId = new Map(origins.map((one) => [one.resource.id, one]));
  const originOf = (id: string): Origin => {
    const found = byId.get(id);
    if (found) return found;
    throw new Error(`There is no ${id} in the templates: they have ${[...byId.keys()].sort().join(', ')}`);
  };
  const resources = origins.map(({ resource }) => resource);
  return {
    names: first.stack.names,
    resources,
    ofType: (type) => resources.filter((one) => one.type === type),
    find: (id) => originOf(id).resource,
    findByArn: (arn) => findByArn(origins, arn),
    ref: (id) => {
      const { stack, originalId } = originOf(id);
      return stack.ref(originalId);
    },
    attribute: (id, name) => {
      const { stack, originalId } = originOf(id);
      return stack.attribute(originalId, name);
    },
  };
}

function originsOf(named: readonly NamedStack[]): readonly Origin[] {
  const ids = named.flatMap(({ stack }) => stack.resources.map(({ id }) => id));
  const isShared = (id: string): boolean => ids.indexOf(id) !== ids.lastIndexOf(id);
  return named.flatMap(({ name, stack }) =>
    stack.resources.map((resource) => ({
      resource: isShared(resource.id) ? { ...resource, id: `${name}.${resource.id}` } : resource,
      stack,
      originalId: resource.id,
    })),
  );
}

function findByArn(origins: readonly Origin[], arn: string): Resource | undefined {
  return origins.find(({ stack, originalId }) => stack.findByArn(arn)?.id === originalId)?.resource;
}
