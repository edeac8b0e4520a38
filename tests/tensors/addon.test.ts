import { beforeEach, describe, expect, test } from 'vitest';
import { type Binding, backend } from '../../src/engine/tensors/tensorflow';

/** What the engine has no use for itself, but the addon offers. */
interface Addon extends Binding {
  rawTensor(dtype: number, shape: readonly number[], values: ArrayBufferView): number;
  rawData(id: number): Uint8Array;
}

const FLOAT = 1;
const INT32 = 3;
const BFLOAT16 = 14;
const binding = backend().binding as Addon;

/** A placeholder of 2 by 2 floats. */
function placeholder(graph: number, name: string): number {
  const attrs = [
    { name: 'dtype', type: 'type', value: FLOAT },
    { name: 'shape', type: 'shape', value: [2, 2] },
  ];
  return binding.graphOp(graph, 'Placeholder', name, [], attrs)[0]?.id ?? 0;
}

const floats = (id: number) => [...new Float32Array(Uint8Array.from(binding.rawData(id)).buffer)];

describe('graph functions', () => {
  let graph: number;
  beforeEach(() => {
    graph = binding.graphNew();
    return () => binding.graphDelete(graph);
  });

  test('run like any other op, after their graph is gone, until they are removed', () => {
    const built = binding.graphNew();
    const x = placeholder(built, 'x');
    const c = binding.graphConst(built, 'c', FLOAT, [2, 2], Float32Array.of(1, 0, 0, 2));
    const transpose = [{ name: 'transpose_a', type: 'bool', value: true }];
    const y = binding.graphOp(built, 'MatMul', 'y', [x, c.id], transpose)[0]?.id ?? 0;
    const axis = binding.graphConst(built, 'axis', INT32, [], Int32Array.of(0));
    const [joined] = binding.graphOp(built, 'ConcatV2', 'joined', [[y, x], axis.id], []);
    expect(joined).toEqual({ id: -5, dtype: FLOAT, shape: [4, 2] });
    binding.graphToFunction(built, 'addon_test_join', [x], [joined?.id ?? 0]);
    binding.graphDelete(built);

    const before = binding.liveHandles();
    const input = binding.rawTensor(FLOAT, [2, 2], Float32Array.of(1, 2, 3, 4));
    const [output] = binding.executeOp('addon_test_join', [], [input], 1);
    expect(binding.tensorInfo(output?.id ?? -1)).toEqual({ shape: [4, 2], dtype: FLOAT });
    expect(floats(output?.id ?? -1)).toEqual([1, 6, 2, 8, 1, 2, 3, 4]);
    expect(binding.liveHandles()).toBe(before + 2);
    for (const id of [input, output?.id ?? -1]) binding.deleteTensor(id);
    expect(binding.liveHandles()).toBe(before);

    binding.removeFunction('addon_test_join');
    expect(() => binding.executeOp('addon_test_join', [], [], 1)).toThrow('addon_test_join');
  });

  test.each<[string, (x: number) => unknown, string]>([
    ['an unknown op', () => binding.graphOp(graph, 'NoSuchOp', 'n', [], []), "Op type not registered 'NoSuchOp'"],
    ['an unknown symbolic id', (x) => binding.graphOp(graph, 'MatMul', 'n', [x, -99], []), 'no symbolic tensor -99'],
    [
      'a tensor id for a symbolic one',
      (x) => binding.graphOp(graph, 'MatMul', 'n', [x, 5], []),
      'no symbolic tensor 5',
    ],
    [
      'a name used twice',
      (x) => binding.graphOp(graph, 'MatMul', 'x', [x, x], []),
      "Duplicate node name in graph: 'x'",
    ],
    ['too few inputs', (x) => binding.graphOp(graph, 'MatMul', 'n', [x], []), '1 inputs specified of 2 inputs'],
    [
      'an attribute type that does not exist',
      (x) => binding.graphOp(graph, 'MatMul', 'n', [x, x], [{ name: 'transpose_a', type: 'tensor', value: 1 }]),
      'unknown attribute type tensor',
    ],
    ['an unknown graph', () => binding.graphOpDef(12345, 'MatMul'), 'no graph 12345'],
    ['a graph that is no number', () => binding.graphDelete(Number.NaN), 'expected an integer'],
    ['a function that is not there', () => binding.removeFunction('addon_test_none'), 'addon_test_none'],
    [
      'data of the wrong size',
      () => binding.rawTensor(FLOAT, [3], Float32Array.of(1)),
      'needs 12 bytes and the array has 4',
    ],
    ['an unknown tensor', () => binding.rawData(1e9), 'no tensor 1000000000'],
  ])('say what is wrong with %s', (_, call, message) => {
    const x = placeholder(graph, 'x');
    expect(() => call(x)).toThrow(message);
    // The graph stays usable.
    expect(binding.graphOp(graph, 'MatMul', 'after', [x, x], [])[0]?.shape).toEqual([2, 2]);
  });
});

test('raw tensors keep the bits of types that JavaScript lacks, and may be empty', () => {
  const id = binding.rawTensor(BFLOAT16, [2], Uint16Array.of(0x3f80, 0x4000));
  expect([...binding.rawData(id)]).toEqual([0x80, 0x3f, 0x00, 0x40]);
  const empty = binding.rawTensor(FLOAT, [0, 4], new Float32Array(0));
  expect(binding.tensorInfo(empty)).toEqual({ shape: [0, 4], dtype: FLOAT });
  expect(binding.rawData(empty)).toHaveLength(0);
  for (const each of [id, empty]) binding.deleteTensor(each);
});
