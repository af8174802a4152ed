"""Throughput and latency of translation, compared with CTranslate2."""
