## Beginning

greeting = שלום וברוכים הבאים! כאן אפשר לקבוע תור, להזיז אותו או לבטל אותו. במה נוכל לעזור?
choose-language = באיזו שפה נוח להתכתב?
language-kept = מצוין, נמשיך בעברית.

## What, with whom, when

choose-service = לאיזה טיפול לקבוע תור?
service-line = { $service }: { LENGTH($length) }, { MONEY($price) }
another-service = להוסיף עוד טיפול לאותו ביקור?
choose-staff = אל מי לקבוע את התור?
choose-day = איזה יום מתאים? אפשר לבחור, או פשוט לכתוב, למשל ”מחר אחרי 17:00“.
choose-time = { DAY($day) }: איזו שעה מתאימה?
free-times = { DAY($day) }: { $count ->
    [one] יש שעה פנויה אחת
    [two] יש שתי שעות פנויות
   *[other] יש { $count } שעות פנויות
}
which-meant = לאיזה מועד הכוונה?
time-has-passed = השעה הזאת כבר עברה. איזו שעה אחרת מתאימה?
too-soon = זה מוקדם מדי בשבילנו. נא לבחור מועד החל מ: { DAY($start) }, { TIME($start) }.
too-far = היומן עדיין לא פתוח כל כך רחוק. היום האחרון: { DAY($day) }.
closed-then = בשעה הזאת אנחנו סגורים.
nothing-free = לצערנו אין אז שעה פנויה. לבחור יום אחר, או להיכנס לרשימת ההמתנה?
taken-meanwhile = מצטערים, השעה הזאת נתפסה ממש עכשיו. אלה המועדים הפנויים הקרובים:
nearest = אלה המועדים הפנויים הקרובים:

## Who, and is it right

ask-name = על איזה שם לרשום את התור?
ask-phone = לאיזה מספר טלפון לפנות אם משהו משתנה? נא לכתוב אותו עם קידומת המדינה.
phone-not-understood = לא הצלחנו לקרוא את המספר. נא לכתוב אותו כך: { $example }
summary =
    הכול נכון?
    { $service }
    אצל { $staff }
    { DAY($start) }, { TIME($start) }
    { LENGTH($length) }, { MONEY($price) }
held-until = המועד הזה שמור לך עד { TIME($until) }.
hold-ended = לא יכולנו לשמור את המועד יותר, והוא שוב פנוי. לבחור מחדש?

## Booked, moved, cancelled

booked = התור נקבע: { $service } אצל { $staff }, { DAY($start) }, { TIME($start) }. נשמח לראותך!
moved = התור הוזז: { $service } אצל { $staff }, { DAY($start) }, { TIME($start) }.
cancelled = התור בוטל: { $service }, { DAY($start) }, { TIME($start) }. נשמח להתראות בפעם אחרת.
my-appointments = { $count ->
    [one] יש לך תור אחד:
    [two] יש לך שני תורים:
   *[other] יש לך { $count } תורים:
}
no-appointments = אין לך תורים.
appointment-line = { DAY($start) }, { TIME($start) }: { $service } אצל { $staff }
choose-appointment = באיזה תור מדובר?
really-cancel = לבטל את התור? { $service }, { DAY($start) }, { TIME($start) }
kept = טוב, הכול נשאר כפי שהיה.
policy-cancellation = אפשר לבטל או להזיז תור באופן עצמאי עד זמן זה לפני תחילתו: { LENGTH($window) }.
too-late-to-cancel = נשאר מעט מדי זמן עד התור (אפשר לבטל עד זמן זה לפניו: { LENGTH($window) }). נא לפנות אלינו.
not-possible = זה כבר לא אפשרי: התור הסתיים או בוטל.

## Reminders

reminder-day = תזכורת לתור: { $service } אצל { $staff }, { DAY($start) }, { TIME($start) }. נתראה?
reminder-soon = נתראה עוד מעט! { $service } אצל { $staff }, היום, { TIME($start) }.
nudge = עוד לא קיבלנו תשובה: נתראה? { DAY($start) }, { TIME($start) }
thanks-confirmed = תודה, נשמח לראותך!

## Waiting list

waitlist-joined = נכנסת לרשימת ההמתנה. { $count ->
    [0] התור הבא שלך, ונכתוב ברגע שתתפנה שעה.
    [one] יש לפניך אדם אחד, ונכתוב ברגע שיגיע תורך.
    [two] יש לפניך שני אנשים, ונכתוב ברגע שיגיע תורך.
   *[other] יש לפניך { $count } אנשים, ונכתוב ברגע שיגיע תורך.
}
waitlist-offer = התפנה לך מועד: { $service } אצל { $staff }, { DAY($start) }, { TIME($start) }. הוא שמור לך עד { TIME($until) }.
waitlist-taken = נהדר, המועד שלך: { $service } אצל { $staff }, { DAY($start) }, { TIME($start) }.
waitlist-expired = לא יכולנו לשמור את המועד יותר. מקומך ברשימת ההמתנה נשמר.
waitlist-left = הסרנו אותך מרשימת ההמתנה.

## Payment

deposit-to-pay = כדי להשלים את קביעת התור, נא לשלם מקדמה של { MONEY($deposit) } עד { TIME($until) }: { $link }
price-to-pay = כדי להשלים את קביעת התור, נא לשלם { MONEY($price) } עד { TIME($until) }: { $link }
pay-at-salon = התשלום במקום: { MONEY($price) }
paid = תודה, התשלום התקבל: { MONEY($amount) }.
payment-late = התשלום הגיע כשהמועד כבר לא היה פנוי. אנחנו מחזירים לך { MONEY($amount) }.
refunded = אנחנו מחזירים לך { MONEY($amount) }.

## Help

human-called = הודענו לצוות. התשובה תגיע כאן.
not-understood = סליחה, לא הבנו. אפשר לבחור אחת מהאפשרויות, או לקרוא לנציג אנושי.
started-again = נתחיל מהתחלה.

## Buttons

button-book = קביעת תור
button-my-appointments = התורים שלי
button-anyone = לא משנה אצל מי
button-add-service = הוספת טיפול
button-continue = המשך
button-day = { DAY($day, form: "short") }
button-time = { TIME($start) }
button-other-day = יום אחר
button-other-time = שעה אחרת
button-more = עוד
button-yes = כן
button-no = לא
button-confirm = אישור
button-move = הזזה
button-cancel = ביטול התור
button-keep = להשאיר
button-join-waitlist = לרשימת ההמתנה
button-leave-waitlist = יציאה מהרשימה
button-take = כן, מתאים לי
button-decline = לא, תודה
button-pay = לתשלום { MONEY($amount) }
button-human = נציג אנושי
button-language = שפה
button-back = חזרה
button-start-again = להתחיל מחדש
