"""Measures one row in a separate process.

A separate process is needed because TensorFlow sets its threads when it starts
and peak memory never decreases. Reads a job as JSON from standard input and
writes the row as the last line of standard output.
"""

import json
import resource
import sys
from typing import Any

from planet_tf import cli

cli.start_tensorflow()

from tools.benchmark import machine, parts
from tools.benchmark.sizes import Size


def main(request: dict[str, Any]) -> dict[str, Any]:
  """Measures the job of a request.

  Args:
    request: `part`, `size`, `options`, `repeats`.

  Returns:
    The row. If the part states its work, the row has the peak of matrix
    products in this process, and the share of it that the part reaches.
  """
  if request['part'] == 'gemm':
    peaks = machine.gemm_peak(request['repeats'])
    convolution = machine.convolution_peak(request['repeats'])
    for dtype, gflops in convolution.items():
      peaks[dtype]['convolution_gflops'] = gflops
    return peaks
  if request['part'] == 'session':
    return machine.describe()
  Size(**request['size']).apply()
  measure = parts.PARTS[request['part']]
  try:
    row = measure(request['repeats'], **request['options'])
  except (parts.TooLittleMemory, parts.MissingPackage) as error:
    return {'label': '-', 'skipped': str(error)}
  kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
  row['peak_memory_gb'] = round(kilobytes / 1e6, 2)
  if 'gflop' in row:
    peak = machine.gemm_peak(request['repeats'], row['num_splits'])
    row['peak_gflops'] = {k: v['median_gflops'] for k, v in peak.items()}
    speed = row['gflop'] / row['median_seconds']
    row['share_of_peak'] = speed / row['peak_gflops'][row['precision']]
  return row


if __name__ == '__main__':
  print(json.dumps(main(json.load(sys.stdin))))
