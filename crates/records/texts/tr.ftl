### Türü ne olursa olsun kayıtların istemcilere söyledikleri, Türkçe.

## ret nedenleri

not_in_trash = kayıt çöp kutusunda değil
second_person = kaydı giren kişi bunu yapamaz: başka biri gerekir
value_taken = bu değer başka bir kayıtta var
out_of_order = kayıt buna izin veren bir durumda değil
no_secret = orada kayıtlı bir şey yok
is_still_named = başka kayıtlar bu kayda bağlı
too_many_children = kayıtla birlikte silinecek { $count } kayıttan fazlası var: önce onları silin

## alanlar

belongs_to_another = başka bir kayda ait
one_field_to_look_up = aranacak alanlardan tam olarak biri verilmeli
too_many_values = en fazla { $max } değer verilebilir
not_to_be_named = kullanabileceğiniz bir kayıt değil
currency_not_accepted = burada kabul edilmiyor; kabul edilenler: { $currencies }
unchanged = öncekiyle aynı
must_be_a_list = bir liste olmalı
too_many_parts = en fazla { $max } öğe içerebilir
too_large = toplamda en fazla { $bytes } bayt metin içerebilir
not_a_part = bu listedeki bir öğenin kimliği değil
twice = bu listedeki başka bir öğenin kimliği
each_once = her birini yalnızca bir kez verin
must_be_among = şunlardan bazıları olmalı, virgülle ayrılmış: { $names }
too_much_to_sum = { $records } kayıttan veya izin verilenden fazla grup: süzgeçlerle daraltın
effect_refused = bunun başka bir kayıttaki sonucu mümkün değil
