### İstemcilere kullanıcılar ve roller hakkında söylenenler, Türkçe.

## ret nedenleri

invalid_credentials = e-posta adresi veya parola hatalı
locked = çok fazla hatalı parola girildiği için hesap bu cihaza kilitlendi
too_many_logins = çok fazla giriş yapıldı ya da çok fazla hatalı parola girildi: yenisinden önce bekleyin
last_superadmin = etkin olan son süper yönetici kalmalı
own_role = kimse kendi rollerini ya da izinlerini değiştiremez
own_account = kimse kendi hesabını devre dışı bırakamaz
role_not_granted =
    bir rolü yalnızca, izin verdiği her şeye yetkili olan biri verebilir, oluşturabilir veya değiştirebilir
user_not_manageable = bu kullanıcının rolleri sizinkilerden fazlasına izin veriyor
email_taken = e-posta adresi başka bir kullanıcıya ait
role_name_taken = bu adda bir rol var
role_in_use = { $users } kullanıcı bu rolde
role_built_in = yerleşik bir rol değiştirilemez
mail_off = e-posta gönderilemez: sunucuyu işleten bunu ayarlamamış
not_invited = kullanıcının parolası var: kabul edilecek bir davet yok
not_active = kullanıcı etkin değil
already_active = kullanıcı zaten etkin
user_limit = zaten { $max } kullanıcı var
invitation_limit = { $max } davet henüz kabul edilmedi: bekleyin ya da davet edilen kullanıcıları devre dışı bırakın
role_limit = zaten { $max } rol var

## alanlar

taken_by_another_user = başka bir kullanıcıya ait
taken_by_another_role = başka bir role ait
same_password = şimdiki paroladan farklı olmalı
own_email = kendi e-posta adresinizi değiştirmek için şimdiki parolanız gerekir
not_your_password = şimdiki parolanız bu değil
not_a_link = artık kullanılabilecek bir bağlantı değil: kullanılmış, yenilenmiş ya da süresi dolmuş
not_a_role_name =
    3 ile 40 karakter arasında olmalı, küçük harfle başlamalı; yalnızca küçük harf, rakam ve tek alt çizgi içerebilir
not_a_role = böyle bir rol yok
not_role_names = her biri bir kez olmak üzere 1 ile { $max } arasında rol olmalı
edit_window_out_of_range = 1 dakika ile 366 gün arasında olmalı
not_a_time_zone = geçerli bir IANA saat dilimi değil, örneğin Europe/Istanbul
personal_password = büyük ölçüde kendi adınızdan veya adresinizden ya da kurumunkinden oluşuyor
common_password = ilk denenen parolalardan biri
weak_password = kolay tahmin edilir: birbiriyle ilgisiz birkaç sözcük kullanın ya da bir parola yöneticisine ürettirin
breached_password = bir veri sızıntısında yer almış
