//! What this crate tells a caller.

almoner_kernel::words! {
    // refusals
    pub(crate) transition(from, to) = "a donation that is {from} cannot become {to}";
    pub(crate) settled(state, fields) = "a donation that is {state} keeps its {fields}";
    pub(crate) completed_stays = "a completed donation cannot be deleted: refund it first";
    pub(crate) not_in_trash = "the record is not in the trash";
    pub(crate) has_donations = "the record still has donations";
    pub(crate) value_taken = "another record has this value";
    pub(crate) no_identity = "no identity number is on file";

    // fields
    pub(crate) taken_by_another_donor = "belongs to another donor";
    pub(crate) taken_by_another_campaign = "is the name of another campaign";
    pub(crate) not_a_donor = "is not a donor";
    pub(crate) not_a_campaign = "is not a campaign";
    pub(crate) not_more_than_zero = "must be more than zero";
    pub(crate) currency_not_accepted(currencies) = "is not accepted here: {currencies}";
    pub(crate) before_1900 = "is before the year 1900";
    pub(crate) in_the_future = "is in the future";
    pub(crate) ends_before_it_starts = "is before starts_on";
}
