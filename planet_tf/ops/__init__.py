"""TensorFlow operations below the layers, and the hardware they run on."""
