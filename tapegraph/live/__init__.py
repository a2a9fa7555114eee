"""Sound through the sound card: playback, live input, recording, and A/B comparison.

The only room that uses sounddevice, and so PortAudio, which is imported only when a card is needed.
"""
