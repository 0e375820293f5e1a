### İstemcilere işler ve takvimler hakkında söylenenler, Türkçe.

## ret nedenleri

job_state =
    bu, durumu “{ $state ->
        [waiting] bekliyor
        [running] çalışıyor
        [done] tamamlandı
        [failed] başarısız oldu
        [cancelled] iptal edildi
       *[other] { $state }
    }” olan bir işle yapılamaz
already_paused = zamanlama zaten duraklatılmış
not_paused = zamanlama duraklatılmamış
