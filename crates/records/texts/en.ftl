### What kinds of record tell callers, whatever the kind, in English.

## refusals

not_in_trash = the record is not in the trash
second_person = whoever entered the record cannot do this: it takes somebody else
value_taken = another record has this value
out_of_order = the record is not in a state that allows this
no_secret = nothing is on file there
is_still_named = other records still name the record
too_many_children = the record has more than { $count } records that would go with it: destroy those first

## fields

belongs_to_another = belongs to another record
one_field_to_look_up = must have exactly one of the fields to look up by
too_many_values = may name at most { $max } values
not_to_be_named = is not a record that you may name
currency_not_accepted = is not accepted here, only these are: { $currencies }
unchanged = is what it was before
must_be_a_list = must be a list
too_many_parts = must have at most { $max } entries
too_large = must have at most { $bytes } bytes of text in all
not_a_part = is not the id of an entry of this list
twice = is the id of another entry of this list
each_once = must name each only once
must_be_among = must be some of { $names }, separated by commas
too_much_to_sum = more than { $records } records, or too many groups of them: narrow it by filters
effect_refused = what follows from this for another record is not possible
