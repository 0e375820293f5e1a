### What callers are told about users and roles, in English.

## refusals

invalid_credentials = the e-mail address or the password is wrong
locked = the account is locked for this device after too many wrong passwords
too_many_logins = too many logins, or too many wrong passwords: wait before the next one
last_superadmin = the last active superadmin must stay
own_role = nobody changes their own roles, or what they allow
own_account = nobody deactivates their own account
role_not_granted = a role can only be granted, made or changed by somebody who may do all it allows
user_not_manageable = this user's roles allow more than yours
email_taken = the e-mail address belongs to another user
role_name_taken = there is a role of that name
role_in_use =
    { $users ->
        [one] { $users } user has this role
       *[other] { $users } users have this role
    }
role_built_in = a built-in role cannot be changed
mail_off = no mail can be sent: the operator has not set it up
not_invited = the user has a password: there is no invitation to accept
not_active = the user is not active
already_active = the user is active
user_limit = there are { $max } users already
invitation_limit = { $max } invitations have not been accepted yet: wait, or deactivate users who were invited
role_limit = there are { $max } roles already

## fields

taken_by_another_user = belongs to another user
taken_by_another_role = belongs to another role
same_password = must differ from the current password
own_email = a new e-mail address of your own needs your current password
not_your_password = is not your password
not_a_link = is not a link that can still be used: it was used, replaced, or has expired
not_a_role_name = must be 3 to 40 lower-case letters, digits and single underscores, starting with a letter
not_a_role = is not a role
not_role_names = must be 1 to { $max } roles, each once
edit_window_out_of_range = must be between 1 minute and 366 days
not_a_time_zone = is not an IANA time zone such as Europe/Istanbul
personal_password = is mostly made of your own or the organisation's name or address
common_password = is one of the passwords that are tried first
weak_password = is easy to guess: use several unrelated words, or let a password manager make one
breached_password = is known from a data breach
