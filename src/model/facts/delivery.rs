//! Facts of topics, buses and buckets, and of what they and other services hand on.

macro_rules! rows {
    ($then:ident [$($before:tt)*] $($rest:tt)*) => { $then! { [$($before)*
        /// A topic or bus took a message; `sink` is none outside the file.
        48 Published { sink: Option<Resource>, payload: PayloadId, place: Place }
            "published" of(sink, payload) moves(place) digest(place);
        /// A topic or bus refused a message.
        49 PublishRefused { sink: Resource, payload: PayloadId }
            "publish_refused" of(sink, payload);
        /// A filter policy or pattern did not want a message that the topic or bus took.
        80 NotWanted { outlet: OutletId, payload: PayloadId }
            "not_wanted" of(outlet, payload);
        /// No subscription or rule wanted it.
        81 Unwanted { sink: Resource, payload: PayloadId }
            "unwanted" of(sink, payload) moves(Filtered);
        /// The service is to hand it on in `wait`.
        82 Handed { outlet: OutletId, payload: PayloadId, wait: Span }
            "handed" of(outlet, payload) moves(Waiting) digest(wait) says(wait);
        /// It was refused, and is handed on again in `wait`, for the `attempt`th time.
        83 DeliveryRetried { outlet: OutletId, payload: PayloadId, attempt: u32, wait: Span }
            "delivery_retried" of(outlet, payload) attempt(attempt) moves(Waiting)
            digest(attempt, wait) says(wait);
        /// Who was to get it took it, `took` after the service did: from here on it is theirs.
        84 HandedOn { outlet: OutletId, payload: PayloadId, took: Span }
            "handed_on" of(outlet, payload) digest(took) says(took);
        /// The service gave it up after `attempts` attempts.
        85 DeliveryFailed { outlet: OutletId, payload: PayloadId, why: Undelivered, attempts: u32 }
            "delivery_failed" of(outlet, payload)
            digest(why, attempts) says(reason = why, attempts);
        /// Its dead-letter queue took what the service gave up.
        86 DeliveryKept { outlet: OutletId, payload: PayloadId }
            "delivery_kept" of(outlet, payload);
        /// Its dead-letter queue refused what the service gave up.
        87 DeliveryNotKept { outlet: OutletId, payload: PayloadId }
            "delivery_not_kept" of(outlet, payload);
        /// Nobody kept what the service gave up.
        88 DeliveryLost { outlet: OutletId, payload: PayloadId, why: Undelivered }
            "delivery_lost" of(outlet, payload) moves(Dropped) digest(why) says(reason = why);
    ] $($rest)* } };
}
pub(super) use rows;
