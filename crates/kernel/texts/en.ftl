### What every domain tells callers, in English. Breaks of lines are only for reading here.

## faults

one_field_is_wrong = 1 field is not valid
fields_are_wrong = { $count } fields are not valid
log_in_first = log in first
permission_missing = this needs the permission { $permission }
edit_window_closed = the time to correct this record is over
read_before_a_restore = the database was restored since the record was read: it is at version { $version } now
changed_meanwhile = the record has changed since it was read: it is at version { $version } now
changed_just_now = the record was changed meanwhile
no_such_record = there is no such record
too_many_collisions = too many values belonged to records that you may not see: wait, or ask somebody who may

## fields of every kind

is_required = is required
must_not_be_empty = must not be empty
cannot_be_emptied = cannot be emptied
is_not_complete = is not complete
too_short = must have at least { $min } characters
too_long = must have at most { $max } characters
control_characters = must not contain control characters
more_than_one_line = must be a single line

## types and forms of fields

must_be_a_string = must be a string
must_be_a_boolean = must be a boolean
must_be_a_number = must be a number
must_be_a_whole_number = must be a whole number
must_be_an_object = must be an object
must_be = must be "{ $choice }"
must_be_either = must be "{ $first }" or "{ $second }"
must_be_one_of = must be one of { $choices }
not_a_known_field = is not a known field
must_be_a_day = must be a day such as 2026-01-31
must_be_an_instant = must be an instant such as 2026-03-14T09:26:53Z
must_be_a_uuid = must be a UUID
needs_a_currency = needs currency beside it
must_be_a_sort = must be one of { $names }, with - in front for descending
must_be_true_or_false = must be true or false

## people and money

not_a_language = is not a language tag such as tr or en-GB
not_an_email_address = is not an e-mail address
email_of_other_letters =
    has letters before the @ that not every mail server takes: only a to z, digits and signs
email_not_mailable =
    cannot be mailed to: before the @ stand 1 to 64 letters, digits and signs, no spaces or quotes, and
    single dots inside
not_a_country = is not an ISO 3166 alpha-2 country code
not_a_phone_number = is not a valid phone number
phone_with_extension = has an extension: leave it out here and note it elsewhere
name_without_letters = must have at least one letter or digit
not_a_tr_national_id = is not a T.C. identity number: 11 digits with two check digits
not_a_tr_tax_number = is not a tax number: 10 digits with a check digit
not_a_foreign_id = must have 3 to 40 letters, digits, '-', '/' or '.'
not_a_currency = is not an ISO 4217 currency code
not_a_whole_amount = must be a whole number such as "1250"
not_a_decimal_amount = must be a decimal with at most { $digits } minor digits, such as "{ $example }"
amount_too_large = is larger than one record can hold
