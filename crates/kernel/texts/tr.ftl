### Her alanın istemcilere söyledikleri, Türkçe. Satır sonları yalnızca okumayı kolaylaştırır.

## ret nedenleri

one_field_is_wrong = 1 alan geçerli değil
fields_are_wrong = { $count } alan geçerli değil
log_in_first = önce oturum açın
permission_missing = bu işlem için { $permission } yetkisi gerekir
edit_window_closed = bu kaydı düzeltme süresi doldu
read_before_a_restore = kayıt okunduktan sonra veritabanı yedekten geri yüklenmiş: şu anda { $version } numaralı sürümde
changed_meanwhile = kayıt okunduktan sonra değişmiş: şu anda { $version } numaralı sürümde
changed_just_now = kayıt bu arada değiştirilmiş
no_such_record = böyle bir kayıt yok
too_many_collisions = görmeye yetkili olmadığınız kayıtlara ait çok fazla değer denendi: bekleyin ya da yetkili birine sorun

## her tür alan

is_required = zorunlu alan
must_not_be_empty = boş bırakılamaz
cannot_be_emptied = değeri silinemez
is_not_complete = eksik
too_short = en az { $min } karakter olmalı
too_long = en fazla { $max } karakter olabilir
control_characters = denetim karakteri içeremez
more_than_one_line = tek satır olmalı

## alanların türleri ve biçimleri

must_be_a_string = metin (string) olmalı
must_be_a_boolean = true veya false olmalı
must_be_a_number = sayı olmalı
must_be_a_whole_number = tam sayı olmalı
must_be_an_object = nesne (object) olmalı
must_be = "{ $choice }" olmalı
must_be_either = "{ $first }" veya "{ $second }" olmalı
must_be_one_of = şunlardan biri olmalı: { $choices }
not_a_known_field = bilinmeyen alan
must_be_a_day = geçerli bir tarih olmalı, örneğin 2026-01-31
must_be_an_instant = zaman anı olmalı, örneğin 2026-03-14T09:26:53Z
must_be_a_uuid = UUID olmalı
needs_a_currency = currency ile birlikte verilmeli
must_be_a_sort = şunlardan biri olmalı: { $names }; azalan sıralama için başına - konur
must_be_true_or_false = true ya da false olmalı

## kişiler ve para

not_a_language = geçerli bir dil etiketi değil, örneğin tr veya en-GB
not_an_email_address = geçerli bir e-posta adresi değil
email_of_other_letters =
    @ işaretinden önce her posta sunucusunun kabul etmediği harfler var: yalnızca a-z, rakam ve işaretler
    olabilir
email_not_mailable =
    posta gönderilebilecek bir adres değil: @ işaretinden önce 1-64 harf, rakam ve işaret bulunur; boşluk ve
    tırnak olmaz, nokta yalnızca arada ve tek olur
not_a_country = geçerli bir ISO 3166 alfa-2 ülke kodu değil
not_a_phone_number = geçerli bir telefon numarası değil
phone_with_extension = dahili numara içeriyor: burada yazmayın, başka bir yere not edin
name_without_letters = en az bir harf veya rakam içermeli
not_a_tr_national_id = geçerli bir T.C. kimlik numarası değil: son ikisi kontrol basamağı olan 11 rakamdan oluşur
not_a_tr_tax_number = geçerli bir vergi numarası değil: sonuncusu kontrol basamağı olan 10 rakamdan oluşur
not_a_foreign_id = 3 ile 40 karakter arasında olmalı; harf, rakam, '-', '/' ve '.' kullanılabilir
not_a_currency = geçerli bir ISO 4217 para birimi kodu değil
not_a_whole_amount = tam sayı olmalı, örneğin "1250"
not_a_decimal_amount = noktadan sonra en çok { $digits } basamağı olan bir sayı olmalı, örneğin "{ $example }"
amount_too_large = tek bir kayıt için çok büyük
