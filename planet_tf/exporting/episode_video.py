"""An episode with what the model made of it, side by side.

seen            what the camera showed
reconstructed   the posterior's image
predicted       open loop, from the posterior of now and then
"""

from collections.abc import Mapping

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from planet_tf.exporting.functions import AgentFunctions
from planet_tf.logs.video import enlarge

_HEADER = 32  # Height of the line of text, in pixels.


def panels(
  functions: AgentFunctions,
  episode: Mapping[str, np.ndarray],
  horizon: int = 50,
) -> np.ndarray:
  """Draws an episode.

  Args:
    functions: The live agent's functions or those of a SavedModel.
    episode: Recorded episode of T steps.
    horizon: Decisions after which predictions begin anew.

  Returns:
    Frames, uint8 [T, height, width, 3], both even.
  """
  images = episode['image']
  sequence = {'image': images[None], 'action': episode['action'][None]}
  posterior = functions.observe(**sequence)
  reconstructed = functions.reconstruct(**sequence)['image'].numpy()[0]
  predicted, ahead = reconstructed.copy(), np.zeros(len(images), int)
  for start in range(0, len(images) - 1, horizon):
    after = slice(start + 1, start + 1 + horizon)
    state = {name: x[:, start] for name, x in posterior.items()}
    actions = episode['action'][None, after]
    future = functions.imagine(action=actions, **state)
    predicted[after] = future['image'].numpy()[0]
    ahead[after] = np.arange(actions.shape[1]) + 1
  shown = np.concatenate(
    [enlarge(x) for x in (images, reconstructed, predicted)], 2
  )
  returns = np.cumsum(episode['reward'])
  return np.stack(
    [
      _with_header(
        frame,
        f'seen   return {returns[step]:.1f}',
        'reconstructed',
        f'predicted {ahead[step]} ahead',
      )
      for step, frame in enumerate(shown)
    ]
  )


def _with_header(frame: np.ndarray, *texts: str) -> np.ndarray:
  height, width = frame.shape[:2]
  image = Image.new('RGB', (width, height + _HEADER), 'white')
  image.paste(Image.fromarray(frame), (0, _HEADER))
  draw = ImageDraw.Draw(image)
  font = ImageFont.load_default(18)
  for place, text in enumerate(texts):
    left = place * width // len(texts) + 6
    draw.text((left, 5), text, fill='black', font=font)
  return np.asarray(image)
