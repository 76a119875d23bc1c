"""Password rules whose sentences Django's Chinese catalogue lacks."""

from django.contrib.auth import password_validation


class MinimumLengthValidator(password_validation.MinimumLengthValidator):
    """At least so many characters (length counts, not composition: ASVS 5.0 6.2.1, 6.2.5)."""

    def get_error_message(self) -> str:
        """What is wrong."""
        return f"密码太短，至少要有 {self.min_length} 个字符。"

    def get_help_text(self) -> str:
        """What is asked."""
        return f"密码至少要有 {self.min_length} 个字符。"
