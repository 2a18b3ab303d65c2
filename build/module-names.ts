/** The names that a module exports; `*` and `default` stand for themselves. */
export function exportsOf(source: string): readonly string[] {
  const declared = [
    ...source.matchAll(/^export (?:async )?(?:const|let|var|class|function\*?) (\w+)/gm),
    ...source.matchAll(/^export (\*|default)/gm),
  ].map(([, name = '']) => name);
  const listed = [...source.matchAll(/^export \{([^}]*)\}/gm)].flatMap(([, names = '']) =>
    listNames(names).map(({ local }) => local),
  );
  return [...declared, ...listed];
}

/** The names that a module imports from another; undefined if that cannot be told from its imports. */
export function importsOf(source: string, from: string): readonly string[] | undefined {
  const found = [...source.matchAll(/(?:^|[;\s])import ([^;]*?) from ["']([^"']+)["']/g)].filter(
    ([, , name]) => name === from,
  );
  if (found.length === 0) return undefined;
  const names = found.map(([, clause = '']) =>
    clause.startsWith('{') ? listNames(clause.slice(1, -1)).map(({ name }) => name) : undefined,
  );
  return names.includes(undefined) ? undefined : names.flatMap((some) => some ?? []);
}

function listNames(list: string): readonly { readonly name: string; readonly local: string }[] {
  return list.split(',').flatMap((one) => {
    const [name = '', local = name] = one.trim().split(/\s+as\s+/);
    return name ? [{ name, local }] : [];
  });
}
