"""Draws videos of an episode with reconstruction and prediction.

observed        image of the camera
reconstructed   image decoded from the posterior
predicted       open loop, starting from the posterior at regular intervals
"""

from collections.abc import Mapping

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from planet_tf.exporting.functions import AgentFunctions
from planet_tf.logs.video import enlarge

_HEADER = 32  # Height of the line of text, in pixels.


def draw_frames(
  functions: AgentFunctions,
  episode: Mapping[str, np.ndarray],
  horizon: int = 50,
) -> np.ndarray:
  """Draws the frames of a video.

  Args:
    functions: Functions of an agent or of a SavedModel.
    episode: Recorded episode of T steps.
    horizon: Decisions between two starts of the open-loop prediction.

  Returns:
    Frames, uint8 [T, height, width, 3]; height and width are even.
  """
  images = episode['image']
  sequence = {'image': images[None], 'action': episode['action'][None]}
  posterior = functions.observe(**sequence)
  reconstructed = functions.reconstruct(**sequence)['image'].numpy()[0]
  predicted, ahead = reconstructed.copy(), np.zeros(len(images), int)
  for start in range(0, len(images) - 1, horizon):
    following = slice(start + 1, start + 1 + horizon)
    state = {name: x[:, start] for name, x in posterior.items()}
    actions = episode['action'][None, following]
    future = functions.imagine(action=actions, **state)
    predicted[following] = future['image'].numpy()[0]
    ahead[following] = np.arange(actions.shape[1]) + 1
  shown = np.concatenate(
    [enlarge(x) for x in (images, reconstructed, predicted)], 2
  )
  returns = np.cumsum(episode['reward'])
  return np.stack(
    [
      _with_header(
        frame,
        f'observed   return {returns[step]:.1f}',
        'reconstructed',
        f'predicted {ahead[step]} ahead',
      )
      for step, frame in enumerate(shown)
    ]
  )


def _with_header(frame: np.ndarray, *texts: str) -> np.ndarray:
  """Returns a frame with texts above it, one for each part of the width."""
  height, width = frame.shape[:2]
  image = Image.new('RGB', (width, height + _HEADER), 'white')
  image.paste(Image.fromarray(frame), (0, _HEADER))
  draw = ImageDraw.Draw(image)
  font = ImageFont.load_default(18)
  for index, text in enumerate(texts):
    left = index * width // len(texts) + 6
    draw.text((left, 5), text, fill='black', font=font)
  return np.asarray(image)
