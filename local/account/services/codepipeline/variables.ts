import type { Execution } from './model.ts';

/** The configuration with resolved variables, or the first reference that cannot be resolved. */
export type ResolvedConfiguration =
  | { readonly configuration: Readonly<Record<string, string>> }
  | { readonly unresolved: string };

/**
 * Resolves `#{codepipeline.PipelineExecutionId}`, `#{variables.Name}` and `#{Namespace.Name}`, which is an output variable
 * of an earlier action.
 */
export function resolveVariables(
  configuration: Readonly<Record<string, string>>,
  execution: Execution,
): ResolvedConfiguration {
  const unresolved: string[] = [];
  const fill = (text: string): string =>
    text.replaceAll(/#\{([A-Za-z0-9@_-]+)\.([A-Za-z0-9@_-]+)\}/g, (reference, namespace, name) => {
      const value = valueOf(String(namespace), String(name), execution);
      if (value === undefined) unresolved.push(String(reference));
      return value ?? '';
    });
  const entries = Object.entries(configuration).map(([key, text]) => [key, fill(text)] as const);
  return unresolved[0] === undefined
    ? { configuration: Object.fromEntries(entries) }
    : { unresolved: unresolved[0] };
}

function valueOf(namespace: string, name: string, execution: Execution): string | undefined {
  if (namespace === 'codepipeline') return name === 'PipelineExecutionId' ? execution.id : undefined;
  if (namespace === 'variables') return execution.variables.get(name);
  return new Map(Object.entries(execution.outputVariables.get(namespace) ?? {})).get(name);
}
