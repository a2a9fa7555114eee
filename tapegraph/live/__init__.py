"""Sound through the sound card: playing, live input, recording what is heard.

The only part that knows sounddevice, and so PortAudio; it is imported when a card is needed and not before.
"""
