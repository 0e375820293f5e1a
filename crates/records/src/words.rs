//! What this crate tells a caller, whatever the kind: no noun stands in it that a language would inflect.

almoner_kernel::words! {
    // refusals
    pub not_in_trash = "the record is not in the trash";
    pub value_taken = "another record has this value";
    pub out_of_order = "the record is not in a state that allows this";
    pub second_person = "whoever entered the record cannot do this: it takes somebody else";
    pub effect_refused = "what follows from this for another record is not possible";
    pub no_secret = "nothing is on file there";
    pub is_still_named = "other records still name the record";
    pub too_much_to_sum(records) = "more than {records} records, or too many groups of them: narrow it by filters";
    pub too_many_children(count) = "the record has more than {count} records that would go with it: destroy those first";

    // fields
    pub belongs_to_another = "belongs to another record";
    pub one_field_to_look_up = "must have exactly one of the fields to look up by";
    pub too_many_values(max) = "may name at most {max} values";
    pub not_to_be_named = "is not a record that you may name";
    pub each_once = "must name each only once";
    pub must_be_among(names) = "must be some of {names}, separated by commas";
    pub currency_not_accepted(currencies) = "is not accepted here, only these are: {currencies}";
    pub unchanged = "is what it was before";
    pub must_be_a_list = "must be a list";
    pub too_many_parts(max) = "must have at most {max} entries";
    pub too_large(bytes) = "must have at most {bytes} bytes of text in all";
    pub not_a_part = "is not the id of an entry of this list";
    pub twice = "is the id of another entry of this list";
}
