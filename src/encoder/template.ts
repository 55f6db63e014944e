/** Mines templates of log lines after Drain (He et al. 2017): a tree of fixed depth, then likeness. */

/** Stands for a token that differs between the lines of a template. */
export const wildcard = '<*>';

/** A template: its tokens, and how many training lines it had. */
export interface Template {
  readonly tokens: readonly string[];
  readonly count: number;
}

interface Cluster {
  tokens: string[];
  count: number;
}

/** Clusters by number of tokens and first tokens. */
type Tree<C> = Map<string, C[]>;

/** A branch's tokens after the length; with the length and the leaves this is Drain's depth of 4. */
const branching = 2;
/** A longer line is read up to here. */
const mostTokens = 120;
/** Clusters of a leaf that a line is compared with at the most. */
const mostCompared = 200;

function varies(token: string): boolean {
  return token === wildcard || /[\d<>]/.test(token);
}

/** The branch of a line: its length, and its first tokens where they do not vary. */
function branchOf(tokens: readonly string[]): string {
  const first = tokens.slice(0, branching).map((token) => (varies(token) ? wildcard : token));
  return [tokens.length, ...first].join('\u0001');
}

/** Share of the places with the same token; a wildcard is no likeness, but breaks ties. */
function likeness(tokens: readonly string[], template: readonly string[]): number {
  let same = 0;
  let open = 0;
  for (let i = 0; i < tokens.length; i++) {
    if (template[i] === wildcard) open++;
    else if (template[i] === tokens[i]) same++;
  }
  return tokens.length === 0 ? 1 : (same + open * 1e-3) / tokens.length;
}

/** The likest of a leaf that is like enough. */
function likest<C extends { readonly tokens: readonly string[] }>(
  leaf: readonly C[],
  tokens: readonly string[],
  least: number,
): C | undefined {
  let best: C | undefined;
  let most = least;
  for (let i = 0; i < Math.min(leaf.length, mostCompared); i++) {
    const value = likeness(tokens, leaf[i]!.tokens);
    if (value < most || (best !== undefined && value === most)) continue;
    best = leaf[i];
    most = value;
  }
  return best;
}

function leafOf<C>(tree: Tree<C>, branch: string): C[] {
  let leaf = tree.get(branch);
  if (leaf === undefined) {
    leaf = [];
    tree.set(branch, leaf);
  }
  return leaf;
}

/** Mines templates from tokens of lines, in their order; the most frequent come first. */
export function mine(
  lines: Iterable<readonly string[]>,
  { likeness: least, minimum, limit }: { likeness: number; minimum: number; limit: number },
): Template[] {
  const tree: Tree<Cluster> = new Map();
  for (const line of lines) {
    const tokens = line.slice(0, mostTokens);
    const leaf = leafOf(tree, branchOf(tokens));
    const cluster = likest(leaf, tokens, least);
    if (cluster === undefined) leaf.push({ tokens: [...tokens], count: 1 });
    else {
      cluster.count++;
      cluster.tokens = cluster.tokens.map((token, i) => (token === tokens[i] ? token : wildcard));
    }
  }
  return [...tree.values()]
    .flat()
    .filter(({ count }) => count >= minimum)
    .map(({ tokens, count }, place) => ({ tokens, count, place }))
    .sort((a, b) => b.count - a.count || a.place - b.place)
    .slice(0, limit)
    .map(({ tokens, count }) => ({ tokens, count }));
}

/** Finds the template of a line among mined ones: its place, or -1. */
export function matcher(
  templates: readonly Template[],
  least: number,
): (tokens: readonly string[]) => number {
  const tree: Tree<{ tokens: readonly string[]; place: number }> = new Map();
  templates.forEach(({ tokens }, place) => {
    leafOf(tree, branchOf(tokens)).push({ tokens, place });
  });
  return (line) => {
    const tokens = line.slice(0, mostTokens);
    return likest(tree.get(branchOf(tokens)) ?? [], tokens, least)?.place ?? -1;
  };
}
