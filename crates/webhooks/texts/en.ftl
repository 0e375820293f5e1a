### What callers are told about webhooks, in English.

## refusals

webhook_disabled = the webhook is not active
delivery_pending = the delivery is still under way
webhook_limit = there are { $max } webhooks already

## fields

not_a_url = must be an https URL such as https://example.org/hooks
url_with_user = must not hold a user name or a password
url_with_fragment = must not have a part behind #
url_port = must have the port 443 or one from 1024 on
url_private = is an address of a private network
not_an_event_type = must be a type of event such as donation.created or donation.*
each_event_type_once = must name each type of event only once
event_types_out_of_range = must have from 1 to { $max } types of events
