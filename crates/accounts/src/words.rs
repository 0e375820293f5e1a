//! What this crate tells a caller.

almoner_kernel::words! {
    // refusals
    pub(crate) invalid_credentials = "the e-mail address or the password is wrong";
    pub(crate) locked = "the account is locked for this device after too many wrong passwords";
    pub(crate) too_many_logins = "too many logins, or too many wrong passwords: wait before the next one";
    pub(crate) last_superadmin = "the last active superadmin must stay";
    pub(crate) own_role = "nobody changes their own roles, or what they allow";
    pub(crate) own_account = "nobody deactivates their own account";
    pub(crate) role_not_granted =
        "a role can only be granted, made or changed by somebody who may do all it allows";
    pub(crate) user_not_manageable = "this user's roles allow more than yours";
    pub(crate) email_taken = "the e-mail address belongs to another user";
    pub(crate) role_name_taken = "there is a role of that name";
    pub(crate) role_in_use(users) = "{users} users have this role";
    pub(crate) role_built_in = "a built-in role cannot be changed";
    pub(crate) mail_off = "no mail can be sent: the operator has not set it up";
    pub(crate) not_invited = "the user has a password: there is no invitation to accept";
    pub(crate) not_active = "the user is not active";
    pub(crate) already_active = "the user is active";
    pub(crate) user_limit(max) = "there are {max} users already";
    pub(crate) invitation_limit(max) =
        "{max} invitations have not been accepted yet: wait, or deactivate users who were invited";
    pub(crate) role_limit(max) = "there are {max} roles already";

    // fields
    pub(crate) taken_by_another_user = "belongs to another user";
    pub(crate) taken_by_another_role = "belongs to another role";
    pub(crate) same_password = "must differ from the current password";
    pub(crate) own_email = "a new e-mail address of your own needs your current password";
    pub(crate) not_your_password = "is not your password";
    pub(crate) not_a_link = "is not a link that can still be used: it was used, replaced, or has expired";
    pub(crate) not_a_role_name =
        "must be 3 to 40 lower-case letters, digits and single underscores, starting with a letter";
    pub(crate) not_a_role = "is not a role";
    pub(crate) not_role_names(max) = "must be 1 to {max} roles, each once";
    pub(crate) edit_window_out_of_range = "must be between 1 minute and 366 days";
    pub(crate) not_a_time_zone = "is not an IANA time zone such as Europe/Istanbul";
    pub(crate) personal_password =
        "is mostly made of your own or the organisation's name or address";
    pub(crate) common_password = "is one of the passwords that are tried first";
    pub(crate) weak_password =
        "is easy to guess: use several unrelated words, or let a password manager make one";
    pub(crate) breached_password = "is known from a data breach";
}
