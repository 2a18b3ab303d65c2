/** An object as JSON has it. */
export type Mapping = Readonly<Record<string, unknown>>;

export function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value if it is an object, else an empty one: for optional parts of a template. */
export function mapping(value: unknown): Mapping {
  return isMapping(value) ? value : {};
}

/** The value if it is a list, an empty list if it is missing, else a list of itself alone. */
export function list(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return value === undefined ? [] : [value];
}

export function optionalText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** A template writes numbers as numbers or as text. */
export function numberOr(value: unknown, fallback: number): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && value.trim() !== '' ? Number(value) : fallback;
}

/** CloudFormation knows true and 'true' for the same. */
export function isTrue(value: unknown): boolean {
  return value === true || value === 'true';
}
