/** Element type codes against those of the format's own schema. */
import { TensorProto_DataType } from 'onnx-buf';
import { expect, test } from 'vitest';
import { dtypeCodes } from './types.js';

test('codes are those of the ONNX schema', () => {
  const { FLOAT, INT64, INT32, UINT8, INT8, BOOL } = TensorProto_DataType;
  expect(dtypeCodes).toEqual({
    float32: FLOAT,
    int64: INT64,
    int32: INT32,
    uint8: UINT8,
    int8: INT8,
    bool: BOOL,
  });
});
