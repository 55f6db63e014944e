/** How the ports of a serving graph lie in its few inputs. */
import type { Port } from '../core/column.js';
import type { Shape } from '../onnx/types.js';

/** Form and width of every port of a graph, by name, in the order of its feeds. */
export type ServedPorts = Readonly<Record<string, Pick<Port, 'form' | 'width' | 'own' | 'shape'>>>;

/** The shape of a dense port in a graph: [B, width], or what its rows are. */
export function denseShape({ width, shape }: Pick<Port, 'width' | 'shape'>): Shape {
  return ['B', ...(shape ?? [width])];
}

/** Names of a serving graph's inputs; a graph declares only those that it reads. */
export const feedNames = {
  /** [B, D] the dense ports side by side. */
  values: 'values',
  /** [P, B, m] the dense ports one after the other, each padded with zeros to the widest. */
  blocks: 'blocks',
  /** [B, L] int32: the ids of all bags, each counted on from the widths of the bags before it. */
  ids: 'ids',
  /** [B, 1, L] the weights of these ids; padding is id 0 with weight 0. */
  weights: 'weights',
  /** [B, P, L] the same, one row for each bag with zeros at the ids of the others. */
  spread: 'spread',
} as const;

/** A port and where it begins: a column of `values`, or an id. */
export interface Place {
  readonly port: string;
  readonly width: number;
  readonly at: number;
}

export interface Layout {
  readonly bags: readonly Place[];
  readonly dense: readonly Place[];
  /** Dense ports that are inputs of their own, named as the port. */
  readonly own: readonly string[];
  /** Numbers in a row of `values`. */
  readonly wide: number;
  /** Numbers in a row of `blocks`: the width of the widest dense port. */
  readonly widest: number;
}

/** Lays out ports in their order. */
export function layoutOf(ports: ServedPorts): Layout {
  const all = Object.entries(ports);
  const places = (wanted: Port['form']): Place[] => {
    let at = 0;
    return all.flatMap(([port, { form, width, own }]) => {
      if (form !== wanted || own === true) return [];
      at += width;
      return [{ port, width, at: at - width }];
    });
  };
  const dense = places('values');
  const widths = dense.map(({ width }) => width);
  const wide = widths.reduce((a, b) => a + b, 0);
  const own = all.flatMap(([port, one]) => (one.own === true ? [port] : []));
  return { bags: places('bag'), dense, own, wide, widest: Math.max(1, ...widths) };
}
