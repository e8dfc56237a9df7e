"""Program that measures one row, in a process of its own.

Threads are set when TensorFlow starts, and peak memory only grows: both belong
to a process. Reads a job as JSON from standard input, writes the row as the
last line of standard output.
"""

import json
import resource
import sys

from planet_tf import cli

cli.start_tensorflow()

from tools.benchmark import machine, parts
from tools.benchmark.sizes import Size


def main(request: dict) -> dict[str, object]:
  """Measures the job of a request.

  Args:
    request: `part`, `size`, `options`, `repeats`.

  Returns:
    The row. If the part states its work, with the peaks of matrix products
    before and after it, and the share of them that it reaches.
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
