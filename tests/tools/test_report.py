"""One page about a run."""

import json
import re

from tests.commands import run_tool


def test_the_page_holds_everything(debug_run, tmp_path):
  scores = {'policy': 'agent', 'tasks': {'dummy': {'mean': 3, 'returns': [3]}}}
  (tmp_path / 'scores.json').write_text(json.dumps(scores))
  output = tmp_path / 'page.html'
  result = run_tool(
    'report',
    f'--logdir={debug_run}',
    f'--output={output}',
    f'--scores={tmp_path / "scores.json"}',
  )
  assert result.returncode == 0, result.stderr
  page = output.read_text()
  for text in (
    '<h1>run</h1>',
    'Results, dummy',
    'dummy, returns',
    'return, test',
    'make_planner.horizon = 6',
    'tensorflow',
  ):
    assert text in page, text
  for tag in ('episode', 'open_loop_long/animation', 'posterior/animation'):
    assert f'<img alt="{tag}" src="data:image/gif;base64,' in page
  assert '<img alt="open_loop_long/strip" src="data:image/png' in page
  # It opens offline: nothing is fetched from elsewhere.
  assert not re.findall(r'(?:src|href)="(?!data:|#)', page)


def test_other_files_are_no_scores(debug_run, tmp_path):
  (tmp_path / 'x.json').write_text('{"tasks": {"a": {}}}')
  result = run_tool(
    'report',
    f'--logdir={debug_run}',
    f'--output={tmp_path / "page.html"}',
    f'--scores={tmp_path / "x.json"}',
  )
  assert result.returncode == 2
  assert 'does not hold scores' in result.stderr
