"""Tests of the report."""

import json
import re

import pytest

from planet_tf import analysis
from planet_tf.analysis.report.content import IMAGES, Image, ScoresError
from planet_tf.runs.directory import RunError

SCORES = {'policy': 'agent', 'tasks': {'dummy': {'mean': 3, 'returns': [3, 4]}}}


def test_the_page_has_all_sections(logdir, tmp_path):
  path = tmp_path / 'scores.json'
  path.write_text(json.dumps(SCORES))
  page = analysis.render_report(analysis.read_content(logdir, [path]))
  for text in (
    '<h1>run</h1>',
    'Results, dummy',
    '<th>Best evaluation</th><td>400.0</td>',
    '<th>Updates</th><td>1,300</td>',
    '<th>policy</th><td>agent</td>',
    '<th>dummy, returns</th><td>3.0, 4.0</td>',
    'return, test',
    'train.task = &#39;dummy&#39;',
    '<th>commit</th><td>aaa</td><td>bbb</td>',
  ):
    assert text in page, text
  assert 'Images' not in page


def test_the_page_escapes_names_and_loads_nothing(logdir):
  content = analysis.read_content(logdir)
  image = Image('a<b', 1234, b'GIF89a', 'A caption.')
  page = analysis.render_report(content._replace(name='<run>', images=[image]))
  assert '<h1>&lt;run&gt;</h1>' in page
  assert '<img alt="a&lt;b" src="data:image/gif;base64,R0lGODlh">' in page
  assert 'A caption. After 1,234 updates.' in page
  assert not re.findall(r'(?:src|href)="(?!data:|#)', page)


def test_images_of_a_run_are_on_the_page(debug_run):
  content = analysis.read_content(debug_run)
  assert {image.tag for image in content.images} >= IMAGES.keys() - {
    'open_loop_long/trajectories'
  }
  page = analysis.render_report(content)
  for tag in ('episode', 'open_loop_long/animation', 'posterior/animation'):
    assert f'<img alt="{tag}" src="data:image/gif;base64,' in page
  assert '<img alt="open_loop_long/strip" src="data:image/png' in page
  for text in ('make_planner.horizon = 6', 'tensorflow'):
    assert text in page


@pytest.mark.parametrize('content', ['{"tasks": {"a": {}}}', '[]', 'x'])
def test_other_files_are_not_scores(logdir, tmp_path, content):
  (tmp_path / 'x.json').write_text(content)
  with pytest.raises(ScoresError, match='does not hold scores'):
    analysis.read_content(logdir, [tmp_path / 'x.json'])


def test_a_run_without_episodes_has_no_report(logdir):
  (logdir / 'metrics.jsonl').write_text('')
  with pytest.raises(RunError, match='has no return yet'):
    analysis.read_content(logdir)
