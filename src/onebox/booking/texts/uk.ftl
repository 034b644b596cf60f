## Beginning

greeting = Вітаємо! Тут можна записатися на візит, перенести його або скасувати. Чим можемо бути корисні?
choose-language = Якою мовою Вам зручно спілкуватися?
language-kept = Гаразд, писатимемо Вам українською.

## What, with whom, when

choose-service = На яку послугу Вас записати?
service-line = { $service }: { LENGTH($length) }, { MONEY($price) }
another-service = Бажаєте додати ще щось до цього візиту?
choose-staff = До кого Ви хотіли б прийти?
choose-day = Який день Вам підходить? Оберіть або просто напишіть, наприклад «завтра після 17».
choose-time = { DAY($day) }: о котрій годині Вам зручно?
free-times = { DAY($day) }: { $count ->
    [one] є { $count } вільний варіант
    [few] є { $count } вільні варіанти
    [many] є { $count } вільних варіантів
   *[other] є { $count } вільного варіанта
}
which-meant = Що саме Ви мали на увазі?
time-has-passed = Цей час уже минув. Який інший Вам підійде?
too-soon = Так скоро ми, на жаль, не встигнемо. Оберіть, будь ласка, час не раніше ніж: { DAY($start) }, { TIME($start) }.
too-far = На такий далекий день запису ще немає. Останній день: { DAY($day) }.
closed-then = У цей час ми зачинені.
nothing-free = На жаль, на цей час нічого вільного немає. Обрати інший день чи додати Вас до списку очікування?
taken-meanwhile = Вибачте, цей час щойно зайняли. Ось найближчий вільний:
nearest = Ось найближчий вільний час:

## Who, and is it right

ask-name = На яке ім’я Вас записати?
ask-phone = За яким номером із Вами зв’язатися, якщо щось зміниться? Напишіть його, будь ласка, з кодом країни.
phone-not-understood = Не вдалося розпізнати номер. Напишіть його, будь ласка, так: { $example }
summary =
    Усе правильно?
    { $service }
    Майстер: { $staff }
    { DAY($start) }, { TIME($start) }
    { LENGTH($length) }, { MONEY($price) }
held-until = Тримаємо цей час для Вас до { TIME($until) }.
hold-ended = Ми більше не могли тримати цей час, і він знову вільний. Обрати ще раз?

## Booked, moved, cancelled

booked = Вас записано: { $service }, майстер { $staff }, { DAY($start) }, { TIME($start) }. Чекаємо на Вас!
moved = Візит перенесено: { $service }, майстер { $staff }, { DAY($start) }, { TIME($start) }.
cancelled = Візит скасовано: { $service }, { DAY($start) }, { TIME($start) }. Будемо раді бачити Вас іншим разом.
my-appointments = { $count ->
    [one] У Вас { $count } запис:
    [few] У Вас { $count } записи:
    [many] У Вас { $count } записів:
   *[other] У Вас { $count } запису:
}
no-appointments = У Вас немає записів.
appointment-line = { DAY($start) }, { TIME($start) }: { $service }, майстер { $staff }
choose-appointment = Про який запис ідеться?
really-cancel = Справді скасувати? { $service }, { DAY($start) }, { TIME($start) }
kept = Добре, усе лишається як було.
policy-cancellation = Самостійно скасувати або перенести візит можна заздалегідь, не пізніше ніж за: { LENGTH($window) }.
too-late-to-cancel = До Вашого візиту лишилося надто мало часу (скасувати можна не пізніше ніж за: { LENGTH($window) }). Зв’яжіться, будь ласка, з нами.
not-possible = Це вже неможливо: візит завершено або скасовано.

## Reminders

reminder-day = Нагадуємо про Ваш візит: { $service }, майстер { $staff }, { DAY($start) }, { TIME($start) }. Ви прийдете?
reminder-soon = До зустрічі! { $service }, майстер { $staff }, сьогодні, { TIME($start) }.
nudge = Ви ще не відповіли: чи чекати на Вас? { DAY($start) }, { TIME($start) }
thanks-confirmed = Дякуємо, чекаємо на Вас!

## Waiting list

waitlist-joined = Вас додано до списку очікування. { $count ->
    [0] Ви наступні: щойно звільниться час, ми напишемо.
    [one] Перед Вами { $count } людина. Напишемо, щойно надійде Ваша черга.
    [few] Перед Вами { $count } людини. Напишемо, щойно надійде Ваша черга.
    [many] Перед Вами { $count } людей. Напишемо, щойно надійде Ваша черга.
   *[other] Перед Вами { $count } людини. Напишемо, щойно надійде Ваша черга.
}
waitlist-offer = Для Вас звільнився час: { $service }, майстер { $staff }, { DAY($start) }, { TIME($start) }. Тримаємо його для Вас до { TIME($until) }.
waitlist-taken = Чудово, цей час Ваш: { $service }, майстер { $staff }, { DAY($start) }, { TIME($start) }.
waitlist-expired = Ми більше не могли тримати цей час. Ви лишаєтеся у списку очікування.
waitlist-left = Вас вилучено зі списку очікування.

## Payment

deposit-to-pay = Щоб підтвердити запис, сплатіть, будь ласка, завдаток { MONEY($deposit) } до { TIME($until) }: { $link }
price-to-pay = Щоб підтвердити запис, сплатіть, будь ласка, { MONEY($price) } до { TIME($until) }: { $link }
pay-at-salon = Оплата в салоні: { MONEY($price) }
paid = Дякуємо, оплату отримано: { MONEY($amount) }.
payment-late = Оплата надійшла, коли цей час був уже зайнятий. Повертаємо Вам { MONEY($amount) }.
refunded = Повертаємо Вам { MONEY($amount) }.

## Help

human-called = Ми повідомили команду салону. Вам відповідять тут.
not-understood = Вибачте, ми не зрозуміли. Оберіть, будь ласка, один із варіантів або покличте людину.
started-again = Почнімо спочатку.

## Buttons

button-book = Записатися
button-my-appointments = Мої записи
button-anyone = Будь-хто
button-add-service = Додати послугу
button-continue = Далі
button-day = { DAY($day, form: "short") }
button-time = { TIME($start) }
button-other-day = Інший день
button-other-time = Інший час
button-more = Ще
button-yes = Так
button-no = Ні
button-confirm = Підтвердити
button-move = Перенести
button-cancel = Скасувати візит
button-keep = Залишити
button-join-waitlist = Список очікування
button-leave-waitlist = Вийти зі списку
button-take = Так, беру
button-decline = Ні, дякую
button-pay = Сплатити { MONEY($amount) }
button-human = Покликати людину
button-language = Мова
button-back = Назад
button-start-again = Почати спочатку
