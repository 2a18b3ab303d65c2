/** A character, or any character but some, once or as often as wanted. */
interface Token {
  readonly text?: string;
  readonly except?: string;
  readonly repeats: boolean;
}

/** Whether some ARN of the form matches the pattern of a statement. */
export function canMatch(pattern: string, form: string): boolean {
  return canMeet(patternTokens(pattern), formTokens(form), new Set());
}

function canMeet(
  left: readonly Token[],
  right: readonly Token[],
  visited: Set<string>,
  [i, j]: readonly [number, number] = [0, 0],
): boolean {
  const place = `${i} ${j}`;
  if (visited.has(place)) return false;
  visited.add(place);
  if (i === left.length && j === right.length) return true;
  return nextPlaces(left[i], right[j]).some(([di, dj]) => canMeet(left, right, visited, [i + di, j + dj]));
}

/** How far to move in each list: past what may repeat no more, and over a character that both allow. */
function nextPlaces(a: Token | undefined, b: Token | undefined): [number, number][] {
  const moves: [number, number][] = [];
  if (a?.repeats) moves.push([1, 0]);
  if (b?.repeats) moves.push([0, 1]);
  if (a && b && overlap(a, b)) moves.push([a.repeats ? 0 : 1, b.repeats ? 0 : 1]);
  return moves;
}

function overlap(a: Token, b: Token): boolean {
  if (a.text !== undefined && b.text !== undefined) return a.text === b.text;
  if (a.text !== undefined) return !b.except?.includes(a.text);
  return b.text === undefined || !a.except?.includes(b.text);
}

function patternTokens(pattern: string): Token[] {
  return [...pattern].map((char) => {
    if (char === '*') return { repeats: true };
    return char === '?' ? { repeats: false } : { text: char, repeats: false };
  });
}

/** Names in which AWS allows a slash. */
const withSlash = /Path|Parameter|Alarm|Friendly|RecoveryPoint|Document|LoadBalancerName/;

function formTokens(form: string): Token[] {
  return [...form.matchAll(/\$\{(\w+)\}|(.)/g)].flatMap(([, name, char = '']) => {
    if (name === undefined) return patternTokens(char);
    const except = withSlash.test(name) ? ':' : ':/';
    return [
      { except, repeats: false },
      { except, repeats: true },
    ];
  });
}
