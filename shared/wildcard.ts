/**
 * Whether a text matches one of the patterns, in which `*` stands for any characters.
 *
 * @param patterns without other special characters of regular expressions; the caller checks that
 * @param flags of the regular expressions
 */
export function isWildcardMatch(text: string, patterns: readonly string[], flags = ''): boolean {
  return patterns.some((pattern) => new RegExp(`^${pattern.replaceAll('*', '.*')}$`, flags).test(text));
}
