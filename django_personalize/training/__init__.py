"""From stored order lines to a published model: what is learnt, how it is judged, and what may go live."""
