import type { Execution } from './model.ts';

/** What a configuration comes to, or the first reference in it that means nothing. */
export type Resolved =
  | { readonly configuration: Readonly<Record<string, string>> }
  | { readonly unresolved: string };

/**
 * Puts values in the place of `#{codepipeline.PipelineExecutionId}`, `#{variables.Name}` and `#{Namespace.Name}`, the
 * output variables of an action that ran before.
 */
export function resolve(configuration: Readonly<Record<string, string>>, execution: Execution): Resolved {
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
