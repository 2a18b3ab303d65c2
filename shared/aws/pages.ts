export interface Page<T, K> {
  readonly items: readonly T[];
  readonly next: K | undefined;
}

/** Every item of a listing, however many pages it takes. `read` is given what the page before said comes next. */
export async function paginate<T, K>(read: (next: K | undefined) => Promise<Page<T, K>>): Promise<T[]> {
  const found: T[] = [];
  let next: K | undefined;
  do {
    const page = await read(next);
    found.push(...page.items);
    next = page.next;
  } while (next);
  return found;
}
