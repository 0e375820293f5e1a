### What callers are told about donors, campaigns and donations, in English.

## refusals

transition = a donation that is { $from } cannot become { $to }
settled = a donation that is { $state } keeps its { $fields }
not_to_be_corrected = a donation that is { $state } cannot be corrected: only a completed one can
refund_first = a completed donation cannot be deleted: refund it first

## fields

not_more_than_zero = must be more than zero
only_goods_of_unknown_worth = is required: only goods (in_kind) can be of unknown worth
before_1900 = is before the year 1900
in_the_future = is in the future
too_far_in_the_future = is more than five years ahead
ends_before_it_starts = is before starts_on
