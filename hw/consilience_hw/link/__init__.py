"""Gateware of the link: bytes to requests to replies to bytes (`link_map`).

``bytes -> CobsDecoder -> FrameReceiver -> Session -> ReplyStore -> FrameSender -> CobsEncoder``;
the `Session` feeds a job's message to it through `MessageReader`, and its results go through
`ResultWriter`. `Counters` holds what STATUS returns.
"""
