//! What this crate tells a caller.

almoner_kernel::words! {
    // refusals
    pub(crate) webhook_disabled = "the webhook is not active";
    pub(crate) delivery_pending = "the delivery is still under way";
    pub(crate) webhook_limit(max) = "there are {max} webhooks already";

    // fields
    pub(crate) not_a_url = "must be an https URL such as https://example.org/hooks";
    pub(crate) url_with_user = "must not hold a user name or a password";
    pub(crate) url_with_fragment = "must not have a part behind #";
    pub(crate) url_port = "must have the port 443 or one from 1024 on";
    pub(crate) url_private = "is an address of a private network";
    pub(crate) not_an_event_type = "must be a type of event such as donation.created or donation.*";
    pub(crate) each_event_type_once = "must name each type of event only once";
    pub(crate) event_types_out_of_range(max) = "must have from 1 to {max} types of events";
}
