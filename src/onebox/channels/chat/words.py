"""What the page says of itself, in the languages that an account may be set to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Language = Literal["ar", "de", "en", "es", "fr", "pt"]
MINUTE, HOUR = 60, 3600
RIGHT_TO_LEFT = frozenset({"ar"})


@dataclass(frozen=True, slots=True)
class Words:
    """One language's."""

    you: str
    write: str
    attach: str
    send: str
    choose: str
    typing: str
    refresh: str
    lost: str
    refused: str
    too_much: str
    """sent from one address; `{wait}` is how long to wait"""
    back: str
    units: tuple[str, str, str] = ("s", "min", "h")

    def wait(self, seconds: int) -> str:
        """
        >>> WORDS["en"].wait(60), WORDS["de"].wait(61), WORDS["en"].wait(7201)
        ('60 s', '2 min', '3 h')
        """
        second, minute, hour = self.units
        if seconds <= MINUTE:
            return f"{seconds} {second}"
        return f"{-(-seconds // MINUTE)} {minute}" if seconds <= 2 * HOUR else f"{-(-seconds // HOUR)} {hour}"


WORDS: Mapping[Language, Words] = {
    "ar": Words(
        you="أنت",
        write="رسالتك",
        attach="إرفاق ملف",
        send="إرسال",
        choose="اختر",
        typing="تتم الكتابة الآن…",
        refresh="عرض الرسائل الجديدة",
        lost="انقطع الاتصال، وستتم المحاولة مجددًا.",
        refused="لم يتم الإرسال.",
        too_much="وصل الكثير من اتصالك خلال وقت قصير: يرجى المحاولة مجددًا بعد {wait}",
        back="العودة إلى المحادثة",
        units=("ثانية", "دقيقة", "ساعة"),
    ),
    "de": Words(
        you="Sie",
        write="Ihre Nachricht",
        attach="Datei anhängen",
        send="Senden",
        choose="Bitte wählen",
        typing="schreibt gerade …",
        refresh="Neues anzeigen",
        lost="Die Verbindung ist weg, sie wird gleich neu versucht.",
        refused="Das wurde nicht gesendet.",
        too_much="Von Ihrem Anschluss kam in kurzer Zeit zu viel: Bitte versuchen Sie es in {wait} noch einmal",
        back="Zurück zum Gespräch",
    ),
    "en": Words(
        you="You",
        write="Your message",
        attach="Attach a file",
        send="Send",
        choose="Please choose",
        typing="is typing …",
        refresh="Show what is new",
        lost="The connection is lost; it is tried again.",
        refused="This was not sent.",
        too_much="Too much came from your connection in a short time: please try again in {wait}",
        back="Back to the chat",
    ),
    "es": Words(
        you="Usted",
        write="Su mensaje",
        attach="Adjuntar un archivo",
        send="Enviar",
        choose="Por favor, elija",
        typing="está escribiendo…",
        refresh="Mostrar lo nuevo",
        lost="Se perdió la conexión; se intenta de nuevo.",
        refused="No se ha enviado.",
        too_much="Ha llegado demasiado desde su conexión en poco tiempo: inténtelo de nuevo en {wait}",
        back="Volver al chat",
    ),
    "fr": Words(
        you="Vous",
        write="Votre message",
        attach="Joindre un fichier",
        send="Envoyer",
        choose="Veuillez choisir",
        typing="est en train d'écrire…",
        refresh="Afficher les nouveautés",
        lost="La connexion est perdue ; nouvel essai en cours.",
        refused="Le message n'a pas été envoyé.",
        too_much="Votre connexion a trop envoyé en peu de temps : veuillez réessayer dans {wait}",
        back="Retour à la discussion",
    ),
    "pt": Words(
        you="Você",
        write="A sua mensagem",
        attach="Anexar um ficheiro",
        send="Enviar",
        choose="Por favor, escolha",
        typing="está a escrever…",
        refresh="Mostrar as novidades",
        lost="A ligação caiu; vai ser tentada de novo.",
        refused="Não foi enviado.",
        too_much="Chegou demasiado da sua ligação em pouco tempo: tente de novo dentro de {wait}",
        back="Voltar à conversa",
    ),
}
