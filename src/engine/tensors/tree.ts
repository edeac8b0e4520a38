/** Trees: nested records and arrays whose leaves are tensors or static values. */
import { type Tensor, tf } from './tensorflow';

export type Tree =
  | Tensor
  | number
  | string
  | boolean
  | null
  | undefined
  | readonly Tree[]
  | { readonly [key: string]: Tree };

/** The tensors of a tree in order, and the tree's structure with a marker in the place of each tensor. */
export function flatten(tree: unknown): { tensors: Tensor[]; structure: unknown } {
  const tensors: Tensor[] = [];
  const walk = (node: unknown): unknown => {
    if (node instanceof tf.Tensor) return { $tensor: tensors.push(node) - 1, shape: node.shape, dtype: node.dtype };
    if (Array.isArray(node)) return node.map(walk);
    if (node && typeof node === 'object') return Object.fromEntries(Object.entries(node).map(([k, v]) => [k, walk(v)]));
    return node;
  };
  return { tensors, structure: walk(tree) };
}

/** The inverse of `flatten`. */
export function unflatten(structure: unknown, tensors: readonly Tensor[]): unknown {
  if (Array.isArray(structure)) return structure.map((node) => unflatten(node, tensors));
  if (structure && typeof structure === 'object') {
    if ('$tensor' in structure) return tensors[structure.$tensor as number];
    return Object.fromEntries(Object.entries(structure).map(([k, v]) => [k, unflatten(v, tensors)]));
  }
  return structure;
}

export function disposeTree(tree: unknown): void {
  for (const tensor of flatten(tree).tensors) tensor.dispose();
}

/** Keeps every tensor of the tree alive beyond the enclosing tidy. */
export function keepTree<T>(tree: T): T {
  for (const tensor of flatten(tree).tensors) tf.keep(tensor);
  return tree;
}

/**
 * Gives tensors that were kept beyond inner tidies to the enclosing tidy, which frees those that its caller does not
 * take.
 */
export function adoptTree<T>(tree: T): T {
  const engine = tf.engine() as unknown as { track(tensor: Tensor): Tensor };
  for (const tensor of flatten(tree).tensors) {
    tensor.kept = false;
    engine.track(tensor);
  }
  return tree;
}
