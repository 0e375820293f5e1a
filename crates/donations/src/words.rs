//! What this crate tells a caller.

almoner_kernel::words! {
    // refusals
    pub(crate) transition(from, to) = "a donation that is {from} cannot become {to}";
    pub(crate) settled(state, fields) = "a donation that is {state} keeps its {fields}";
    pub(crate) not_to_be_corrected(state) = "a donation that is {state} cannot be corrected: only a completed one can";
    pub(crate) refund_first = "a completed donation cannot be deleted: refund it first";

    // fields
    pub(crate) not_more_than_zero = "must be more than zero";
    pub(crate) only_goods_of_unknown_worth = "is required: only goods (in_kind) can be of unknown worth";
    pub(crate) before_1900 = "is before the year 1900";
    pub(crate) in_the_future = "is in the future";
    pub(crate) too_far_in_the_future = "is more than five years ahead";
    pub(crate) ends_before_it_starts = "is before starts_on";
}
