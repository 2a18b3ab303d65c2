// The policies that this process has read lately. Only their mode is used, and only when the parameter cannot be read: a
// trial (`mode: warn`) must not fail a stage because of that.

/** Longer, and a trial that has ended since might let a deployment through. */
const MAX_AGE_MS = 3_600_000;

const policies = new Map<string, { readonly text: string; readonly readAt: number }>();

export function rememberPolicy(parameter: string, text: string, now: number): void {
  policies.set(parameter, { text, readAt: now });
}

/** @returns undefined for a parameter that was not read within the last hour */
export function recentPolicy(parameter: string | undefined, now: number): string | undefined {
  const found = parameter === undefined ? undefined : policies.get(parameter);
  return found && now - found.readAt <= MAX_AGE_MS ? found.text : undefined;
}
